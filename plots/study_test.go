package plots

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

// title stands for the names that cmd hands in.
func title(s mmibx.Spec, without ...string) string {
	m, _ := mmibx.LookupModel(s.Model.Name)
	name := m.Title
	for _, key := range []string{"align.learn_tau", "align.tau", "evidence.pictures", "ib.beta_image", "ib.beta_text", "ib.size"} {
		base, err := mmibx.Resolve(map[string]any{"benchmark": s.Benchmark, "model": s.Model.Name})
		if err != nil {
			panic(err)
		}
		v, _ := s.Get(key)
		if usual, _ := base.Get(key); v != usual && !slices.Contains(without, key) && len(s.Unread([]string{key})) == 0 {
			name += fmt.Sprintf(", %s = %v", key, v)
		}
	}
	return name
}

type lab struct{ runs []Run }

func (l *lab) add(t *testing.T, state mmibx.State, values map[string]float64, settings map[string]any) {
	t.Helper()
	spec, err := mmibx.Resolve(settings)
	if err != nil {
		t.Fatal(err)
	}
	l.runs = append(l.runs, Run{ID: spec.ID(mmibx.Inputs{}), Spec: spec, State: state, Values: values})
}

// demo is a sweep over beta, size and temperature with baselines.
func demo(t *testing.T) []Run {
	t.Helper()
	var l lab
	for _, b := range []string{"mini-mnre", "mini-twitter2015"} {
		for seed := range 2 {
			f1 := func(v float64) map[string]float64 {
				return map[string]float64{mmibx.DevF1: v + float64(seed), mmibx.RecallAt1: 40}
			}
			set := func(model string, more map[string]any) map[string]any {
				s := map[string]any{"benchmark": b, "model": model, "seed": seed}
				for k, v := range more {
					s[k] = v
				}
				return s
			}
			l.add(t, mmibx.Done, f1(74), set("text", nil))
			l.add(t, mmibx.Done, f1(88), set("concat", nil))
			l.add(t, mmibx.Done, f1(80), set("concat", map[string]any{"evidence.pictures": "shuffled"}))
			l.add(t, mmibx.Done, f1(92), set("mmib", nil))
			l.add(t, mmibx.Done, f1(91), set("mmib", map[string]any{"ib.beta_image": 0}))
			l.add(t, mmibx.Done, f1(73), set("mmib", map[string]any{"ib.beta_image": 1}))
			l.add(t, mmibx.Diverged, nil, set("mmib", map[string]any{"ib.beta_image": 10}))
			l.add(t, mmibx.Done, f1(76), set("mmib", map[string]any{"ib.size": 1}))
			l.add(t, mmibx.Done, f1(90), set("mmib", map[string]any{"ib.size": 0}))
			l.add(t, mmibx.Done, f1(90), set("mmib", map[string]any{"align.tau": 5}))
			l.add(t, mmibx.Running, nil, set("mmib", map[string]any{"align.tau": 1}))
			l.add(t, mmibx.Pruned, f1(99), set("mmib", map[string]any{"align.tau": 2}))
		}
	}
	return l.runs
}

// sketch writes a panel as text: names, places and means.
func sketch(p Panel) string {
	var b strings.Builder
	for _, s := range p.Series {
		fmt.Fprintf(&b, "%s:", s.Name)
		for _, q := range s.Points {
			place := fmt.Sprint(q.X)
			if q.Label != "" {
				place = q.Label
			}
			_, mean, _, ok := spread(Deviation, q.Values, Limits{})
			if !ok {
				mean = math.NaN()
			}
			fmt.Fprintf(&b, " %s=%g/%d", place, mean, len(q.Values))
			if q.Best {
				b.WriteString("!")
			}
		}
		b.WriteString("; ")
	}
	for _, l := range p.Lines {
		fmt.Fprintf(&b, "|%s %v", l.Name, l.Values)
	}
	return b.String()
}

// A mean over the seeds that pruning left is said to be one.
func TestPrunedSeedsAreSaid(t *testing.T) {
	runs := demo(t)
	done := slices.IndexFunc(runs, func(r Run) bool {
		return r.State == mmibx.Done && r.Spec.Model.Name == "mmib" && r.Spec.IB.BetaImage == 1
	})
	runs[done].State = mmibx.Pruned
	f, err := Studies[0].Figure(runs, Options{Title: title})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Of 48 runs: ", "5 pruned", "the others: 1."} {
		if got := f.Caption(); !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	if slices.Contains(f.Runs, runs[done].ID) {
		t.Error("a pruned run is drawn")
	}
}

// Two arms that another study left, of which one value of the axis more is usual, are
// no second curve beside one of five; beside one of four they are.
func TestSeriesOfTwoBesideALongOne(t *testing.T) {
	for _, c := range []struct {
		betas []float64
		want  []string
		says  string
	}{
		{[]float64{0, 0.01, 0.1, 1}, []string{"MMIB"}, "Not drawn: 1 arm with fewer than half as many settings as the longest series (MMIB, ib.beta_text = 0)."},
		{[]float64{0, 0.1, 1}, []string{"MMIB", "MMIB, ib.beta_text = 0"}, ""},
	} {
		var l lab
		add := func(more map[string]any) {
			settings := map[string]any{"benchmark": "mini-mnre", "model": "mmib"}
			for k, v := range more {
				settings[k] = v
			}
			l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 90}, settings)
		}
		add(nil)
		for _, beta := range c.betas {
			add(map[string]any{"ib.beta_image": beta})
		}
		add(map[string]any{"ib.beta_text": 0})
		add(map[string]any{"ib.beta_text": 0, "ib.beta_image": 0})
		f, err := Studies[0].Figure(l.runs, Options{Title: title})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range f.Rows[0].Panels[0].Series {
			got = append(got, s.Name)
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("beside betas %v: series %q, want %q", c.betas, got, c.want)
		}
		if caption := f.Caption(); !strings.Contains(caption, c.says) || strings.Contains(caption, "Not drawn") != (c.says != "") {
			t.Errorf("beside betas %v: %s", c.betas, caption)
		}
	}
}

// Where one axis is drawn of several, the others are said; so are many arms, without
// their names.
func TestAxisThatIsNotDrawnIsSaid(t *testing.T) {
	var l lab
	add := func(betaText, betaImage float64, size int) {
		values := map[string]float64{mmibx.DevF1: 90, mmibx.InformationInput: 2, mmibx.InformationLabel: 1}
		l.add(t, mmibx.Done, values, map[string]any{"benchmark": "mini-mnre", "model": "mmib", "ib.beta_text": betaText, "ib.beta_image": betaImage, "ib.size": size})
	}
	for _, beta := range []float64{0, 0.001, 0.01, 0.1, 1} {
		add(0.001, beta, 8)
	}
	says := func(want string) {
		t.Helper()
		for _, name := range []string{"beta", "plane"} {
			if caption := drawn[*Figure](t, name, l.runs, Options{}).Caption(); !strings.Contains(caption, want) || strings.Contains(caption, "Not drawn") != (want != "") {
				t.Errorf("%s: no %q in %s", name, want, caption)
			}
		}
	}
	says("")
	add(1, 0.001, 8) // along the text, less than half as long
	says("Not drawn: what varies along β of the text.")
	for _, size := range []int{1, 2, 4, 16} {
		add(0.001, 0, size)
		add(0.001, 1, size)
	}
	says("Not drawn: 4 arms with fewer than half as many settings as the longest series. Not drawn: what varies along β of the text.")
}

func TestStudiesFindTheirArms(t *testing.T) {
	o := Options{Title: title, Ceilings: map[string][]Line{"mini-mnre": {{Name: "bound", Values: []float64{96}, Ceiling: true}}}}
	for name, want := range map[string]string{
		"beta":        "MMIB: 0.001=92.5/2! 0=91.5/2 1=73.5/2 10=NaN/2; |Text only [74 75]|Concat [88 89]|bound [96]",
		"bottleneck":  "MMIB: 8=92.5/2! 1=76.5/2 encoder=90.5/2; |Text only [74 75]|Concat [88 89]|bound [96]",
		"temperature": "MMIB: 0.1=92.5/2! 5=90.5/2; |Text only [74 75]|Concat [88 89]|bound [96]",
	} {
		i := slices.IndexFunc(Studies, func(s Study) bool { return s.Name == name })
		f, err := Studies[i].Figure(demo(t), o)
		if err != nil {
			t.Fatal(err)
		}
		panels := f.Rows[0].Panels
		if len(panels) != 2 || panels[0].Title != "mini Twitter-2015" {
			t.Errorf("%s: panels %+v", name, panels)
		}
		if got := canonical(sketch(panels[1])); got != canonical(want) {
			t.Errorf("%s:\n%s, want\n%s", name, got, want)
		}
		if (len(f.Rows) == 2) != (name == "temperature") {
			t.Errorf("%s has %d rows", name, len(f.Rows))
		}
		if caption := f.Caption(); !strings.Contains(caption, "4 running") || !strings.Contains(caption, "4 diverged") {
			t.Errorf("%s: %s", name, caption)
		}
		render(t, f, PDF, 6.3)
	}
}

// canonical sorts the places of a series, which come in the order of run ids.
func canonical(s string) string {
	series, lines, _ := strings.Cut(s, "; ")
	fields := strings.Fields(series)
	slices.Sort(fields)
	return strings.Join(fields, " ") + "; " + lines
}

func TestTiedWeightsAreOneAxis(t *testing.T) {
	var l lab
	for _, beta := range []float64{0, 0.01, 1} {
		l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 90 - beta}, map[string]any{"benchmark": "mnre", "model": "mmib", "ib.beta": beta})
	}
	f, err := Studies[0].Figure(l.runs, Options{Title: title})
	if err != nil {
		t.Fatal(err)
	}
	if f.X.Label != "β" || len(f.Rows[0].Panels[0].Series) != 1 {
		t.Errorf("axis %q, %s", f.X.Label, sketch(f.Rows[0].Panels[0]))
	}
}

func TestNothingVaries(t *testing.T) {
	var l lab
	l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 90}, map[string]any{"benchmark": "mnre", "model": "mmib"})
	for _, runs := range [][]Run{nil, l.runs} {
		if _, err := Studies[0].Figure(runs, Options{Title: title}); !errors.Is(err, mmibx.ErrNotFound) {
			t.Errorf("err = %v", err)
		}
	}
}

func TestEpochsAreWhole(t *testing.T) {
	s := xScale{min: 1, max: 5, values: []float64{1, 2, 3, 4, 5}}
	var got []string
	for _, k := range s.ticks(100, tickWidth) {
		got = append(got, k.label)
	}
	if strings.Join(got, " ") != "1 2 3 4 5" {
		t.Errorf("five epochs are labelled %v", got)
	}
}

func TestTrainingFigure(t *testing.T) {
	runs := demo(t)
	for i := range runs {
		for step := range 600 {
			point := mmibx.Point{Step: int64(10 * step), Value: float64(step)}
			for _, m := range []string{mmibx.Loss, mmibx.DevF1} {
				if runs[i].Curves == nil {
					runs[i].Curves = map[string][]mmibx.Point{}
				}
				runs[i].Curves[m] = append(runs[i].Curves[m], point)
			}
		}
	}
	f, err := TrainingFigure(runs, Options{Title: title, Metrics: []string{mmibx.Loss}})
	if err != nil {
		t.Fatal(err)
	}
	panel := f.Rows[0].Panels[0]
	if names := []string{panel.Series[0].Name, panel.Series[1].Name, panel.Series[2].Name}; len(panel.Series) != 3 || !slices.Equal(names, []string{"Text only", "Concat", "MMIB"}) {
		t.Errorf("of many arms, %v are drawn", names)
	}
	points := panel.Series[0].Points
	if last := points[len(points)-1]; len(points) > maxPlaces+1 || last.X != 5990 || len(last.Values) != 2 {
		t.Errorf("%d places, the last %+v", len(points), last)
	}
	if !strings.Contains(f.Caption(), "3 of 11 arms") {
		t.Errorf("caption: %s", f.Caption())
	}
	if f, err = TrainingFigure(runs[:3], Options{Title: title}); err != nil || f.Rows[0].Panels[0].Series[0].Points[0].X != 1 {
		t.Errorf("dev metrics are drawn by epoch: %v", err)
	}
	if _, err := TrainingFigure(nil, Options{Title: title}); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("no runs: %v", err)
	}
}

// Runs of a benchmark that this program does not know have their panel.
func TestUnknownBenchmarkHasItsPanel(t *testing.T) {
	runs := demo(t)
	for i := range runs {
		if runs[i].Spec.Benchmark == "mini-mnre" {
			runs[i].Spec.Benchmark = "alien"
		}
	}
	var names []string
	for _, b := range benchmarks(runs) {
		names = append(names, b.Title)
	}
	if want := []string{"mini Twitter-2015", "alien"}; !slices.Equal(names, want) {
		t.Errorf("panels %v, want %v", names, want)
	}
}

// Runs that came to nothing chose nothing, and those that are not drawn are none of the
// figure's.
func TestNoteCountsWhatIsDrawn(t *testing.T) {
	run := func(id string, state mmibx.State, split mmibx.Split) Run {
		r := Run{ID: id, State: state}
		r.Spec.Train.SelectOn = string(split)
		return r
	}
	runs := []Run{run("a", mmibx.Done, mmibx.Test), run("b", mmibx.Diverged, mmibx.Test), run("c", mmibx.Done, mmibx.Dev), run("d", mmibx.Done, mmibx.Test)}
	if got := onTest(runs, []string{"a", "b", "c"}); got != "1 of 2 runs drawn chose the checkpoint on test, as in the released code. " {
		t.Errorf("%q", got)
	}
	if got := onTest(runs, []string{"b", "c"}); got != "" {
		t.Errorf("%q", got)
	}
}
