//go:build !linux

package tracker

func networkFileSystem(string) string { return "" }
