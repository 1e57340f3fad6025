package main

func patchCases() []Case { return nil }
