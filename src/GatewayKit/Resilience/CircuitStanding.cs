namespace GatewayKit.Resilience;

/// <summary>
/// State and generation of a circuit in one word, so that nobody reads the state of one generation and the number of the next: a call that took both
/// apart could be admitted by a closed circuit and counted by an open one.
/// </summary>
/// <param name="Word">State in the lowest three bits, then whether it bites, then the generation.</param>
internal readonly record struct CircuitStanding(long Word)
{
    private const int StateBits = 3;
    private const long Bite = 1L << StateBits;
    private const int GenerationShift = StateBits + 1;

    public CircuitStanding(CircuitState state, int generation, bool bites)
        : this((long)state | (bites ? Bite : 0) | ((long)generation << GenerationShift))
    {
    }

    /// <summary>The first of a new circuit. Generation 0 is that of calls nobody looks at.</summary>
    public static CircuitStanding First { get; } = new(CircuitState.Closed, generation: 1, bites: false);

    public CircuitState State => (CircuitState)(Word & (Bite - 1));

    /// <summary>Whether it stops calls: by its own rules only in force, by order of somebody else in any mode.</summary>
    public bool Bites => (Word & Bite) != 0;

    public int Generation => (int)(Word >> GenerationShift);

    /// <summary>What follows. A closed circuit stops nothing, whoever closed it.</summary>
    public CircuitStanding Next(CircuitState state, bool bites) =>
        new(state, Generation == int.MaxValue ? 1 : Generation + 1, bites && state is not CircuitState.Closed);
}
