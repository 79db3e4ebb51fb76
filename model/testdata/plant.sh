#!/usr/bin/env bash
# Shows that the parity tests bite: plants one fault at a time into a copy of a file (go's -overlay; the tree stays as it
# is), runs one test, and wants it to fail. Prints a table; exits 1 where a fault goes unseen.
#
#     model/testdata/plant.sh [WORD]      only the faults whose line has the word
set -euo pipefail
cd "$(dirname "$0")/../.."
only=${1:-}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unseen=0

plant() { # FAULT FILE OLD NEW TEST: the test is run in the file's package, against its fixture
	local fault=$1 file=$2 old=$3 new=$4 test=$5 text
	[[ "$*" == *"$only"* ]] || return 0
	text=$(<"$file")
	if [[ "$text" != *"$old"* ]]; then
		echo "$file has no longer: $old" >&2
		unseen=1
		return
	fi
	printf '%s\n' "${text/"$old"/"$new"}" >"$dir/planted.go"
	printf '{"Replace": {"%s": "%s"}}\n' "$PWD/$file" "$dir/planted.go" >"$dir/overlay.json"
	local result='NOT CAUGHT'
	local top=${test%%/*} run
	run="^$top\$"
	[ "$top" = "$test" ] || run+="/^${test#*/}\$"
	if go test -tags torch -overlay "$dir/overlay.json" "./$(dirname "$file")" -run "$run" >"$dir/out" 2>&1; then
		unseen=1
	elif grep -q -- "--- FAIL: $top " "$dir/out"; then
		result=caught
	else
		cat "$dir/out" >&2
		unseen=1
	fi
	printf '| %s | `%s` | `%s` | %s |\n' "$fault" "$file" "${test%/fixture}" "$result"
}

echo '| planted fault | in | test | |'
echo '|---|---|---|---|'
m=model
# shellcheck disable=SC2016
{
	plant "LayerNorm eps of the blocks 1e-12 for 1e-5" $m/attention.go 'const blockEps = 1e-5' 'const blockEps = 1e-12' TestParity/fixture
	plant "LayerNorm eps of BERT 1e-5 for 1e-12" $m/encoder.go 'e.embedNormB, e.config.Eps)' 'e.embedNormB, 1e-5)' TestParity/fixture
	plant "q and k of the blocks swapped" $m/attention.go 'query: bare("0"), key: bare("1")' 'query: bare("1"), key: bare("0")' TestParity/fixture
	plant "padded keys of the text seen by the picture" $m/mmib.go 'imageToText: keys' 'imageToText: torch.None' TestParity/fixture
	plant "log-variance read as log-deviation" $m/bottleneck.go 'p.Exp(p.Scale(q.logVarBTZ, 0.5))' 'p.Exp(q.logVarBTZ)' TestParity/fixture
	plant "KL averaged over dimensions for summed" $m/bottleneck.go 'klBT = s.Sum(klBTZ, -1)' 'klBT = s.Mean(klBTZ, -1)' TestParity/fixture
	plant "cross-entropy averaged for summed (official MRE)" $m/network.go 'l.task = p.Sum(eachB)' 'l.task = p.Mean(eachB)' TestParity/fixture
	plant "KL over padding too" $m/bottleneck.go 'return s.MaskedMean(klBT, maskBT)' 'return s.Mean(klBT)' TestParity/fixture
	plant "rows with one picture as negatives" $m/batch.go 'i != j && p == q' 'i != j && p == q && n < 0' TestParity/fixture
	plant "no dropout on attention weights" $m/attention.go 'p.drop(p.Softmax(scoresBHQN, -1))' 'p.Softmax(scoresBHQN, -1)' TestParity/fixture
	plant "dropout on the text states of MRE" $m/encoder.go 'if spec.TaskOf() == mmibx.MRE {' 'if spec.TaskOf() == "" {' TestParity/fixture
	plant "ln1 and ln2 of the blocks spared by weight decay (official MNER)" $m/groups.go 'return !bare || m.spec.TaskOf() == mmibx.MRE' 'return !bare && !strings.Contains(name, ".ln") || m.spec.TaskOf() == mmibx.MRE' TestParity/fixture
	plant "BERT's position table read from the second row" $m/encoder.go 'p.Narrow(e.position, 0, 0, l)' 'p.Narrow(e.position, 0, 1, l)' TestBertParity/fixture
	plant "token types ignored" $m/encoder.go 'p.Embedding(e.kind, in.kindsBL, -1)' 'p.Select(e.kind, 0, 0)' TestBertParity/fixture
	plant "padding seen by BERT" $m/encoder.go 'hiddenBN := p.Not(in.realBL)' 'hiddenBN := p.MaskedFill(in.realBL, in.realBL, 0)' TestBertParity/fixture
	plant "CRF runs on over padding" $m/crf.go 'alphaBK = s.Where(s.Narrow(maskBW, 1, w, 1), nextBK, alphaBK)' 'alphaBK = nextBK' TestCRFParity/fixture
	plant "CRF transitions transposed" $m/crf.go 'tags[j-1]*k + tags[j]' 'tags[j]*k + tags[j-1]' TestCRFParity/fixture
	plant "Viterbi without the end scores" $m/viterbi.go 's := score[j] + float64(t.end[j])' 's := score[j]' TestCRFParity/fixture
	plant "warm-up one step too long" $m/order.go 'if step < warmup {' 'if step <= warmup {' TestAdamWParity/fixture
	plant "bfloat16: latents rounded before they are drawn" $m/bottleneck.go 'gaussian{p.AtLeastFloat32(q.meanBTZ)' 'gaussian{p.To(p.Scale(p.To(p.Scale(q.meanBTZ, 1.01), torch.BFloat16), 1/1.01), torch.Float32)' TestBFloat16Parity/fixture
	plant "BatchNorm eps of ResNet-50 1e-3 for 1e-5" $m/resnet.go 'const resNetEps = 1e-5' 'const resNetEps = 1e-3' TestResNet50Parity
	plant "EfficientNet padded as PyTorch pads" $m/efficientnet.go 'return all / 2, all - all/2' 'return all - all/2, all / 2' TestEfficientNetLite0Parity
	plant "the middle of a picture rounded down" datasets/pixels.go 'math.RoundToEven(float64(n-side) / 2)' 'math.Floor(float64(n-side) / 2)' TestPixelsAreTorchvisionsToTheBit
	plant "strict spans opened by I-" scoring/spans.go "case cur.letter == 'B':" "case cur.letter == 'B' || cur.letter == 'I' && !open:" TestEntitiesAgainstSeqeval
	plant "None counted as a relation" scoring/report.go 'delete(tally, mmibx.NoRelation)' 'delete(tally, mmibx.NoRelation+"?")' TestRelationsAgainstScikitLearn
}
exit $unseen
