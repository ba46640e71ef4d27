// Package check tries workspaces as the exporter would ask them, and says what was found,
// what that means for the numbers, and what to do: one [Result] for each thing that can be
// wrong, in a fixed order.
//
// It is gentle: each route that the configuration needs is asked once, for the longest
// period that it will be asked for, through the same client and call budget as the
// exporter; what an answer has shown is not asked again, and a server that hangs or
// refuses the account is left alone.
//
// It knows the client and plain values. It must not know the configuration file, flags,
// or the collector.
package check
