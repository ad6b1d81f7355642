namespace GatewayKit.WireTests;

/// <summary>For tests that measure what is the process's: memory, processor time, unobserved exceptions. Nothing else runs meanwhile.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;
