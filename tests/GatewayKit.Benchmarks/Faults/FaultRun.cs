using System.Globalization;

namespace GatewayKit.Benchmarks.Faults;

/// <summary>What faults behind a gateway cost those in front of it. Everything runs in this process, on the loopback.</summary>
internal static class FaultRun
{
    private const string Usage = "usage: faults [domino] [thirds] [amplification] [cost] [--seconds 30] [--rate 200]";
    private static readonly string[] Parts = ["domino", "thirds", "amplification", "cost"];

    public static async Task<int> RunAsync(string[] args)
    {
        var parts = args.TakeWhile(static argument => !argument.StartsWith("--", StringComparison.Ordinal)).ToArray();
        var seconds = Option(args, "--seconds", 30);
        var rate = Option(args, "--rate", 200);
        if (parts.Except(Parts).Any() || args.Any(static argument => argument.StartsWith('-') && argument is not ("--seconds" or "--rate")) || seconds is not > 0 || rate is not > 0)
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        foreach (var part in parts is [] ? Parts : parts)
        {
            var length = TimeSpan.FromSeconds(seconds);
            await (part switch
            {
                "domino" => DominoRun.RunAsync(rate, length),
                "thirds" => ThirdsRun.RunAsync(rate, length),
                "cost" => CostRun.RunAsync(),
                _ => AmplificationRun.RunAsync(rate, length),
            });
        }

        return 0;
    }

    private static double Option(string[] args, string name, double usual)
    {
        var at = Array.IndexOf(args, name);
        return at < 0 ? usual : double.TryParse(args.ElementAtOrDefault(at + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : double.NaN;
    }
}
