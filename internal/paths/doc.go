// Package paths is the sorted dictionary of the paths of one file.
package paths
