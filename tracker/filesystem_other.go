//go:build !linux

package tracker

func networkFileSystem(string) string { return "" }

// FileSystem knows no names on this system.
func FileSystem(string) (name string, network bool) { return "", false }
