package tracker

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// mlflowFile unpacks the store that MLflow wrote (testdata/mlflow/mlflow_db.py).
func (l *lab) mlflowFile() string {
	l.Helper()
	f, err := os.Open("testdata/mlflow/mlflow.db.gz")
	l.must(err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	l.must(err)
	blob, err := io.ReadAll(z)
	l.must(err)
	path := filepath.Join(l.TempDir(), "mlflow.db")
	l.must(os.WriteFile(path, blob, 0o600))
	return path
}

// bring imports runs and syncs.
func (l *lab) bring(db *DB, read func(fn func(*Foreign) error) error) (outcomes []ForeignOutcome) {
	l.Helper()
	l.must(read(func(f *Foreign) error {
		o, err := AddForeign(l.store, f, journal.Environment{Host: "here"})
		outcomes = append(outcomes, o)
		return err
	}))
	l.sync(db)
	return outcomes
}

func fromMLflow(path string, experiments ...string) func(func(*Foreign) error) error {
	return func(fn func(*Foreign) error) error {
		_, err := ReadMLflow(context.Background(), path, experiments, fn)
		return err
	}
}

func TestImportMLflow(t *testing.T) {
	l, ctx := newLab(t), context.Background()
	own := l.done(nil, mmibx.DevF1, 70)
	db := l.synced()
	if got := l.bring(db, fromMLflow(l.mlflowFile())); fmt.Sprint(got) != "[added added added]" {
		t.Errorf("outcomes %v", got)
	}

	r := l.only(db, "lr=0.1 and layers=3 and nesterov=true and optimizer=adam and none=nan")
	if r.State != mmibx.Done || r.Model != "lr-sweep" || r.Seed != 7 || r.Steps != 1<<40 || r.Label != "lr-sweep lr 0.1, imported from mlflow" ||
		!r.Started.Equal(time.UnixMilli(1767225600000)) || !r.Finished.Equal(time.UnixMilli(1767225710000)) {
		t.Errorf("the finished run is %+v", r)
	}
	// At step 4 MLflow shows what was logged later; its infinities are the greatest finite numbers there.
	if got, want := l.series(db, r.ID, "loss"), "0:2.5 1:NaN 2:+Inf 3:-Inf 4:9 1099511627776:1.75"; got != want {
		t.Errorf("loss is %s, want %s", got, want)
	}
	if got := l.series(db, r.ID, "val/f1"); got != "-3:61.25" {
		t.Errorf("val/f1 is %s", got)
	}
	if at := l.points(db, r.ID, "loss")[5].At; !at.Equal(time.UnixMilli(1767225690000)) {
		t.Errorf("the last point is of %s", at)
	}
	d, err := db.Run(ctx, r.ID)
	l.must(err)
	if d.Spec["layers"] != 3 || d.Spec["lr"] != 0.1 || d.Spec["nesterov"] != true || d.Spec["dataset"] != "läufe, 'all'" || d.Imported.Name != "lr 0.1" {
		t.Errorf("spec %v, %+v", d.Spec, d.Imported)
	}
	events, err := db.Events(ctx, EventQuery{Run: r.ID})
	l.must(err)
	var words []string
	for _, e := range events {
		words = append(words, e.Kind+": "+e.Text)
	}
	if !slices.Contains(words, "note: first try") || !slices.Contains(words, "tag: team=north") {
		t.Errorf("events %q", words)
	}

	if r := l.only(db, "seed=8 and lr=10"); r.State != mmibx.Failed || r.Error != "MLflow calls it failed" {
		t.Errorf("the failed run is %+v", r)
	}
	if err := Retry(l.store, l.only(db, "seed=8").ID); !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("another attempt at it: %v", err)
	}
	if r := l.only(db, "label~'baselines*'"); r.State != mmibx.Stopped {
		t.Errorf("the running run is %+v", r)
	}
	if rows := l.runs(db, Query{Filter: "imported=mlflow and source~'MLflow*'"}); len(rows) != 3 {
		t.Errorf("%d runs are marked as MLflow's, want the 3 that were not deleted", len(rows))
	}
	if r := l.only(db, "imported is missing"); r.ID != own || r.Imported != "" {
		t.Errorf("our own is %+v", r)
	}
	if list, err := db.Imports(ctx, ""); err != nil || len(list) != 0 {
		t.Errorf("they are taken for predictions: %v, %v", list, err)
	}
	before := l.dump(db)
	l.must(db.Close())
	if after := l.dump(l.remake()); after != before {
		t.Error("made again from the journals it differs", diff(before, after))
	}
}

func TestImportMLflowAgain(t *testing.T) {
	l := newLab(t)
	db, path := l.open(), l.mlflowFile()
	l.bring(db, fromMLflow(path, "lr-sweep"))
	if n, err := db.Count(context.Background(), Query{}); err != nil || n != 2 {
		t.Errorf("%d runs of the experiment, %v", n, err)
	}
	moved := filepath.Join(t.TempDir(), "other.db")
	l.must(os.Rename(path, moved))
	if got := l.bring(db, fromMLflow(moved)); fmt.Sprint(got) != "[unchanged unchanged added]" {
		t.Errorf("again: %v", got)
	}
	done, running := l.only(db, "seed=7"), l.only(db, "label~'baselines*'")

	// The running one ends, and the finished one is told more.
	w, err := openWrite(moved, patient)
	l.must(err)
	for _, change := range []string{
		"UPDATE runs SET status = 'FINISHED', end_time = 1767226000000 WHERE name = 'running'",
		"INSERT INTO params (run_uuid, key, value) SELECT run_uuid, 'late', '5' FROM runs WHERE name = 'running'",
		"INSERT INTO metrics (run_uuid, key, value, timestamp, step) SELECT run_uuid, 'loss', 3.5, 1767225720000, 5 FROM runs WHERE name = 'lr 0.1'",
		"DELETE FROM metrics WHERE step = 4",
	} {
		_, err := w.Exec(change)
		l.must(err)
	}
	l.must(w.Close())
	if got := l.bring(db, fromMLflow(moved)); fmt.Sprint(got) != "[renewed unchanged renewed]" {
		t.Errorf("after changes: %v", got)
	}
	if r := l.only(db, "late=5"); r.ID != running.ID || r.State != mmibx.Done || r.Attempts != 2 {
		t.Errorf("what was running is %+v", r)
	}
	if got, want := l.series(db, done.ID, "loss"), "0:2.5 1:NaN 2:+Inf 3:-Inf 5:3.5 1099511627776:1.75"; got != want {
		t.Errorf("loss is %s, want %s", got, want)
	}
	before := l.dump(db)
	l.must(db.Close())
	if after := l.dump(l.remake()); after != before {
		t.Error("made again from the journals it differs", diff(before, after))
	}
}

// An import that was killed is made again as another attempt.
func TestImportMLflowThatWasCutOff(t *testing.T) {
	l := newLab(t)
	path := l.mlflowFile()
	l.must(fromMLflow(path)(func(f *Foreign) error {
		digest, err := f.digest()
		l.must(err)
		w, err := journal.Create(l.store.Journal(f.ID(), 1), journal.Header{Run: f.ID(), Arm: f.Arm(), Attempt: 1, Spec: f.Params, Started: f.Started,
			Imported: &journal.Imported{Format: "mlflow", Digest: digest}})
		l.must(err)
		return w.Abandon()
	}))
	db := l.synced()
	if r := l.only(db, "seed=7"); r.State != mmibx.Lost {
		t.Errorf("before: %s", r.State)
	}
	if got := l.bring(db, fromMLflow(path)); fmt.Sprint(got) != "[renewed renewed renewed]" {
		t.Errorf("again: %v", got)
	}
	if r := l.only(db, "seed=7"); r.State != mmibx.Done || len(l.points(db, r.ID, "loss")) != 6 {
		t.Errorf("after: %+v", r)
	}
}

func TestImportMLflowRefuses(t *testing.T) {
	l, ctx := newLab(t), context.Background()
	text := filepath.Join(t.TempDir(), "text")
	l.must(os.WriteFile(text, []byte("no database at all"), 0o600))
	other := l.open()
	for want, c := range map[string]struct {
		path        string
		experiments []string
		is          error
	}{
		"not found":                       {filepath.Join(t.TempDir(), "none.db"), nil, mmibx.ErrNotFound},
		"found no SQLite database":        {text, nil, mmibx.ErrUsage},
		"mlflow db upgrade":               {other.store.Database(), nil, mmibx.ErrUsage},
		"did you mean lr-sweep?":          {l.mlflowFile(), []string{"lr-swep"}, mmibx.ErrUsage},
		"one of Default, baselines, lr-s": {l.mlflowFile(), []string{"zzzzzzzzzzzzzzzzzzzzzzz"}, mmibx.ErrUsage},
	} {
		_, err := ReadMLflow(ctx, c.path, c.experiments, func(*Foreign) error { return errors.New("a run") })
		if !errors.Is(err, c.is) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestParameter(t *testing.T) {
	for text, want := range map[string]any{
		"3": 3, "-3": -3, "0": 0, "007": "007", "1e-3": 1e-3, "0.1": 0.1, "-0.5": -0.5, "3.0": 3.0, "True": true, "false": false, "": "",
		"nan": "nan", "inf": "inf", "Infinity": "Infinity", "0x10": "0x10", "1_000": "1_000", "[1, 2]": "[1, 2]", "None": "None",
		"1e999": "1e999", "12ab": "12ab", "-": "-", ".5": ".5", "9223372036854775808": 9223372036854775808.0,
	} {
		if got := parameter(text); got != want {
			t.Errorf("%q is %T %v, want %T %v", text, got, got, want, want)
		}
	}
}

func fromTensorBoard(dir string) func(func(*Foreign) error) error {
	return func(fn func(*Foreign) error) error {
		damaged, err := ReadTensorBoard(context.Background(), dir, fn)
		return errors.Join(append(damaged, err)...)
	}
}

func TestImportTensorBoard(t *testing.T) {
	l := newLab(t)
	db := l.open()
	if got := l.bring(db, fromTensorBoard("testdata/tensorboard")); fmt.Sprint(got) != "[added added added]" {
		t.Errorf("outcomes %v", got)
	}
	r := l.only(db, "label='tensorboard torch/lr 0.1, imported from tensorboard' and imported=tensorboard")
	if got, want := l.series(db, r.ID, "loss/train"), "0:2.5 1:NaN 2:+Inf 3:-Inf 4:0.10000000149011612"; got != want || r.State != mmibx.Done {
		t.Errorf("loss is %s, want %s; %+v", got, want, r)
	}
	if got := l.series(db, r.ID, "dev.f1"); got != "-3:61.25" {
		t.Errorf("dev.f1 is %s", got)
	}
	if at := l.points(db, r.ID, "loss/train")[4].At; !at.Equal(time.Unix(1767225604, 0)) {
		t.Errorf("the last point is of %s", at)
	}
	h := l.only(db, "lr=0.1 and layers=3 and optimizer=adam and nesterov=true")
	if got := l.series(db, h.ID, "hparam/f1"); got != "0:61.25" {
		t.Errorf("hparam/f1 is %s", got)
	}
	// Its second file goes on from step 2, with a tensor for a number.
	own := l.only(db, "label~'*own, imported*'")
	if got, want := l.series(db, own.ID, "loss"), "0:1 1:0.5 2:20 3:30"; got != want {
		t.Errorf("own's loss is %s, want %s", got, want)
	}
	names := map[string]bool{}
	for _, id := range []string{r.ID, h.ID, own.ID} {
		metrics, err := db.Metrics(context.Background(), id)
		l.must(err)
		for _, m := range metrics {
			names[m.Metric] = true
		}
	}
	if len(names) != 4 {
		t.Errorf("metrics are %v: histograms and texts are none", names)
	}
	before := l.dump(db)
	l.must(db.Close())
	if after := l.dump(l.remake()); after != before {
		t.Error("made again from the journals it differs", diff(before, after))
	}
}

// A folder is a run wherever it lies; a file that grows renews it; one that is cut
// or damaged at any byte costs the records from there on.
func TestImportTensorBoardThatGrows(t *testing.T) {
	l := newLab(t)
	db := l.open()
	const name = "events.out.tfevents.1000000000.host.1.v2"
	whole, err := os.ReadFile("testdata/tensorboard/own/" + name)
	l.must(err)
	dir := t.TempDir()
	var ends []int // of records
	for at := 0; at < len(whole); ends = append(ends, at) {
		at += 16 + int(whole[at])
	}
	if len(ends) != 5 || ends[4] != len(whole) {
		t.Fatalf("records end at %v of %d", ends, len(whole))
	}
	check := func(blob []byte, what string, wantPoints int, wantDamage bool) {
		l.must(os.WriteFile(filepath.Join(dir, name), blob, 0o600))
		n := 0
		damaged, err := ReadTensorBoard(context.Background(), dir, func(f *Foreign) error {
			n = len(f.Points)
			return nil
		})
		if err != nil || n != wantPoints || (len(damaged) > 0) != wantDamage {
			t.Errorf("%s: %d points, want %d; damaged %v, %v", what, n, wantPoints, damaged, err)
		}
	}
	for n := range len(whole) + 1 {
		i, atEnd := slices.BinarySearch(ends, n)
		points := i - 1
		if atEnd {
			points = i
		}
		check(whole[:n], fmt.Sprintf("cut at %d", n), max(0, points), !atEnd && n > 0)
		if n < len(whole) {
			flipped := bytes.Clone(whole)
			flipped[n] ^= 0x40
			i, atEnd := slices.BinarySearch(ends, n)
			if atEnd {
				i++
			}
			check(flipped, fmt.Sprintf("flipped at %d", n), max(0, i-1), true)
		}
	}

	l.must(os.WriteFile(filepath.Join(dir, name), whole[:ends[2]], 0o600))
	if got := l.bring(db, fromTensorBoard(dir)); fmt.Sprint(got) != "[added]" {
		t.Errorf("first: %v", got)
	}
	moved := filepath.Join(t.TempDir(), "elsewhere")
	l.must(os.Rename(dir, moved))
	l.must(os.WriteFile(filepath.Join(moved, name), whole, 0o600))
	if got := l.bring(db, fromTensorBoard(filepath.Dir(moved))); fmt.Sprint(got) != "[renewed]" {
		t.Errorf("grown and moved: %v", got)
	}
	if r := l.only(db, ""); l.series(db, r.ID, "loss") != "0:1 1:0.5 2:0.3333333432674408 3:0.25" {
		t.Errorf("loss is %s", l.series(db, r.ID, "loss"))
	}
	if _, err := ReadTensorBoard(context.Background(), t.TempDir(), nil); !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := ReadTensorBoard(context.Background(), filepath.Join(moved, "none"), nil); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("no folder: %v", err)
	}
}

// A scalar that is no number costs itself alone; the folder may be a link to one.
func TestImportTensorBoardUnread(t *testing.T) {
	l, dir := newLab(t), t.TempDir()
	n := "0a016e" + "420508033a0103" + "4a0b0a090a077363616c617273" // tag n, an int, of the plugin scalars
	x := "0a0178" + "1500002040"                                    // tag x, 2.5
	event, err := hex.DecodeString("09000000000000f03f" + "2a23" + "0a17" + n + "0a08" + x)
	l.must(err)
	record := tfRecord(event)
	l.must(os.WriteFile(filepath.Join(dir, "events.out.tfevents.1"), slices.Concat(record, record), 0o600))
	link := filepath.Join(t.TempDir(), "mine")
	l.must(os.Symlink(dir, link))
	runs := 0
	damaged, err := ReadTensorBoard(context.Background(), link, func(f *Foreign) error {
		runs++
		if f.Name != "mine" || len(f.Points) != 2 || f.Points[1].Metric != "x" || f.Points[1].Value != 2.5 {
			t.Errorf("%s with %+v", f.Name, f.Points)
		}
		if len(f.Remarks) != 1 || f.Remarks[0].Kind != "unread" || !strings.Contains(f.Remarks[0].Text, "n: a scalar of data type 3") {
			t.Errorf("remarks are %+v", f.Remarks)
		}
		return nil
	})
	if err != nil || runs != 1 || len(damaged) != 0 {
		t.Errorf("%d runs, damaged %v, %v", runs, damaged, err)
	}
}

func tfRecord(content []byte) []byte {
	size := binary.LittleEndian.AppendUint64(nil, uint64(len(content)))
	record := binary.LittleEndian.AppendUint32(size, maskedCRC(size))
	return binary.LittleEndian.AppendUint32(append(record, content...), maskedCRC(content))
}

// A record that holds no event costs itself alone, and is told; one that is cut
// behind it, too.
func TestImportTensorBoardNoEvent(t *testing.T) {
	dir := t.TempDir()
	whole, err := os.ReadFile("testdata/tensorboard/own/events.out.tfevents.1000000000.host.1.v2")
	if err != nil {
		t.Fatal(err)
	}
	first := 16 + int(whole[0])
	foreign := slices.Concat(tfRecord([]byte("hello, I am a log line")), tfRecord([]byte{0xff}), tfRecord([]byte{0x2a, 0x7f}))
	for name, c := range map[string]struct {
		blob []byte
		want []string
	}{
		"whole": {slices.Concat(whole[:first], foreign, whole[first:]), []string{fmt.Sprintf("3 of its records hold no event and are left out, the first at byte %d", first)}},
		"cut":   {slices.Concat(whole[:first], foreign, whole[first:], []byte{1, 2}), []string{"3 of its records", fmt.Sprintf("byte %d of %d: cut or damaged", len(whole)+len(foreign), len(whole)+len(foreign)+2)}},
	} {
		if err := os.WriteFile(filepath.Join(dir, "events.out.tfevents.1"), c.blob, 0o600); err != nil {
			t.Fatal(err)
		}
		points := 0
		damaged, err := ReadTensorBoard(context.Background(), dir, func(f *Foreign) error {
			points = len(f.Points)
			if len(f.Remarks) != 1 || f.Remarks[0].Kind != "damaged" || strings.Contains(f.Remarks[0].Text, dir) {
				t.Errorf("%s: remarks are %+v", name, f.Remarks)
			}
			return nil
		})
		if err != nil || points != 4 || len(damaged) != 1 {
			t.Fatalf("%s: %d points, want 4; damaged %v, %v", name, points, damaged, err)
		}
		for _, want := range c.want {
			if !strings.Contains(damaged[0].Error(), want) {
				t.Errorf("%s: %v, want %s", name, damaged[0], want)
			}
		}
	}
}

// Messages as TensorBoard's own TensorProto writes them.
func TestScalarTensor(t *testing.T) {
	for message, want := range map[string]float64{
		"08012204cdcccc3d":         0.10000000149011612, // float32, tensor_content, as TensorFlow 2 writes
		"080222089a9999999999b93f": 0.1,                 // float64, tensor_content
		"08023208000000000000f0ff": math.Inf(-1),        // double_val
		"08012a0400002040":         2.5,                 // float_val
		"08012d00002040":           2.5,                 // float_val, not packed
	} {
		blob, err := hex.DecodeString(message)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := scalarTensor(blob); err != nil || v != want {
			t.Errorf("%s: %v, %v, want %v", message, v, err, want)
		}
	}
	for what, message := range map[string]string{"an int": "08033a0103", "two numbers": "08012a080000803f00000040", "nothing": ""} {
		blob, err := hex.DecodeString(message)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := scalarTensor(blob); err == nil {
			t.Errorf("%s: %v", what, v)
		}
	}
}

func FuzzTFEvents(f *testing.F) {
	files, err := filepath.Glob("testdata/tensorboard/*/events*")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		blob, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(blob)
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		for i := range blob { // any bytes as a message, whose checksum would have to be right in a file
			_, _ = decodeTFEvent(blob[i:], map[string]string{"": "scalars"})
			if i > 64 {
				break
			}
		}
		r, err := tfEvents(bytes.NewReader(blob), int64(len(blob)), func(tfEvent) error { return nil })
		if err == nil && r.at != int64(len(blob)) {
			t.Errorf("%d of %d bytes were read", r.at, len(blob))
		}
	})
}
