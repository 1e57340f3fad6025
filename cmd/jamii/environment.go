package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/jamii-health/jamii/internal/scheme"
)

// injected are variables that Kubernetes sets in each container for a service
// named jamii or jamii-something; nobody wrote them.
//
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
var injected = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// checkEnvironment refuses JAMII_ variables that set nothing: a misspelt one
// would be a setting that silently is not made.
func checkEnvironment(environ []string, app *kong.Application) error {
	const prefix = "JAMII_"
	known := variablesOf(app.Node, nil)
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		short, ours := strings.CutPrefix(name, prefix)
		if !ours || slices.Contains(known, short) || injected.MatchString(name) {
			continue
		}
		text := "the environment variable " + name + " is no setting"
		if near := scheme.Nearest(short, known); near != "" {
			text += ": write " + prefix + near + ", or unset it"
		} else {
			text += ": unset it. The settings are the flags that jamii serve --help lists, as JAMII_BASE_URL for --base-url"
		}
		return fmt.Errorf("%s", text)
	}
	return nil
}

// variablesOf lists the variables of all flags, without JAMII_.
func variablesOf(n *kong.Node, out []string) []string {
	for _, f := range n.Flags {
		for _, env := range f.Envs {
			out = append(out, strings.TrimPrefix(env, "JAMII_"))
		}
	}
	for _, c := range n.Children {
		out = variablesOf(c, out)
	}
	return out
}
