using System.Globalization;

namespace GatewayKit.Benchmarks.Compare;

/// <summary>What the command line asks of a side-by-side run.</summary>
internal sealed record BenchOptions
{
    public const string Usage = """
        usage: compare [--quick] [--rounds N] [--seconds N] [--connections N] [--cases a,b] [--targets a,b]
                       [--gc server|workstation] [--logging off|warnings] [--pin] [--json FILE]
          cases:   small varied large post headers features
          targets: gatewaykit yarp kestrel nginx haproxy
          --pin    the target on CPU 1, load and upstream server on CPU 0
          --quick  2 rounds of 1 s over three cases
        """;

    public int Rounds { get; init; } = 5;

    public int Seconds { get; init; } = 2;

    public int Connections { get; init; } = 32;

    public IReadOnlyList<CompareCase> Cases { get; init; } = CompareCase.All;

    public IReadOnlyList<string> Targets { get; init; } = [.. TargetCatalog.Names.Except(TargetCatalog.Recording)];

    public bool ServerGC { get; init; } = true;

    /// <summary>Whether the .NET targets log warnings to the console. Default no: a logger makes the server create an activity per request.</summary>
    public bool Logging { get; init; }

    public bool Pin { get; init; }

    public string? JsonFile { get; init; }

    /// <exception cref="FormatException">An argument is not understood.</exception>
    public static BenchOptions Parse(string[] args)
    {
        var options = new BenchOptions();
        for (var i = 0; i < args.Length; i++)
        {
            options = args[i] switch
            {
                "--quick" => options with { Rounds = 2, Seconds = 1, Cases = Pick("small,large,features", CompareCase.All, static known => known.Name) },
                "--rounds" => options with { Rounds = Number(Value()) },
                "--seconds" => options with { Seconds = Number(Value()) },
                "--connections" => options with { Connections = Number(Value()) },
                "--cases" => options with { Cases = Pick(Value(), CompareCase.All, static known => known.Name) },
                "--targets" => options with { Targets = Pick(Value(), TargetCatalog.Names, static known => known) },
                "--gc" => options with { ServerGC = Pick(Value(), ["server", "workstation"], static known => known) is ["server"] },
                "--logging" => options with { Logging = Pick(Value(), ["warnings", "off"], static known => known) is ["warnings"] },
                "--pin" => options with { Pin = true },
                "--json" => options with { JsonFile = Value() },
                var unknown => throw new FormatException($"'{unknown}' is not an option."),
            };

            string Value() => ++i < args.Length ? args[i] : throw new FormatException($"{args[i - 1]} needs a value.");
        }

        return options;
    }

    private static int Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 100_000
            ? number
            : throw new FormatException($"'{text}' is not a number from 1 to 100,000.");

    private static IReadOnlyList<T> Pick<T>(string names, IReadOnlyList<T> known, Func<T, string> nameOf) =>
        [.. names.Split(',').Select(name => known.FirstOrDefault(item => nameOf(item) == name)
            ?? throw new FormatException($"'{name}' is none of {string.Join(", ", known.Select(nameOf))}."))];
}
