package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// release is set by the release build: -ldflags "-X main.release=v0.1.0".
var release = ""

// version is what this build is called.
func version() string { return named(debug.ReadBuildInfo()) }

func named(info *debug.BuildInfo, ok bool) string {
	switch {
	case release != "":
		return release
	case ok && info.Main.Version != "":
		return info.Main.Version
	}
	return "(devel)"
}

// versionCmd prints which build this is.
type versionCmd struct{}

// Help shows when it is wanted.
func (versionCmd) Help() string {
	return "What it prints belongs in every report of a bug.\n\nExample:\n\n  mfahelp version"
}

// Run prints one line.
func (versionCmd) Run(std streams) error {
	_, err := fmt.Fprintln(std.out, versionLine(debug.ReadBuildInfo()))
	return err
}

// versionLine says what the build knows about itself. A build outside of a
// repository, or without -buildvcs, does not know its commit.
func versionLine(info *debug.BuildInfo, ok bool) string {
	line := fmt.Sprintf("mfahelp %s, %s, %s/%s", named(info, ok), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if !ok {
		return line
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			line += ", commit " + s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			line += ", changed since"
		}
	}
	return line
}
