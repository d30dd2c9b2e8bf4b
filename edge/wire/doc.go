// Package wire is the contract between gateway and cloud.
package wire
