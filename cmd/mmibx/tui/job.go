package tui

import (
	"context"
	"fmt"

	tea "charm.land/bubbletea/v2"
)

// job is work beside the reading of a screen, which may take minutes. It ends with
// its context: when the screen is left, or when it is cancelled.
type job struct {
	doing  string
	news   chan string
	cancel context.CancelFunc
}

// jobNews says how far a job is.
type jobNews struct {
	of    *job
	doing string
}

func newJob() *job { return &job{doing: "starting", news: make(chan string, 1), cancel: func() {}} }

// start begins work and listens to it. What it answers is its last word.
func (j *job) start(ctx context.Context, work func(context.Context) tea.Msg) tea.Cmd {
	ctx, j.cancel = context.WithCancel(ctx)
	return tea.Batch(func() tea.Msg {
		defer close(j.news)
		defer j.cancel()
		return work(ctx)
	}, j.listen())
}

// tell keeps the latest news.
func (j *job) tell(doing string, done, total int) {
	if total > 0 {
		doing = fmt.Sprintf("%s %d/%d", doing, done, total)
	}
	select {
	case <-j.news:
	default:
	}
	select {
	case j.news <- doing:
	default:
	}
}

func (j *job) listen() tea.Cmd {
	return func() tea.Msg {
		doing, ok := <-j.news
		if !ok {
			return nil
		}
		return jobNews{j, doing}
	}
}

// take keeps news and listens for more.
func (j *job) take(msg jobNews) tea.Cmd {
	if j == nil || msg.of != j {
		return nil
	}
	j.doing = msg.doing
	return j.listen()
}
