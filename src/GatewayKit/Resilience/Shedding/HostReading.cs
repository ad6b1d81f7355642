namespace GatewayKit.Resilience.Shedding;

/// <summary>How the process is.</summary>
/// <param name="QueuedWorkItems">How many work items wait for a thread of the pool, for each processor.</param>
/// <param name="Memory">What share of the memory is in use that it may have.</param>
/// <param name="GcPause">For what share of the time since the reading before threads stood still for the garbage collector.</param>
/// <param name="Cpu">What share of its processors it has used in that time.</param>
internal readonly record struct HostReading(double QueuedWorkItems, double Memory, double GcPause, double Cpu);

/// <summary>Reads how the process is.</summary>
internal delegate HostReading HostSignals();
