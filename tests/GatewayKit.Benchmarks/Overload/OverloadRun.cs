using System.Globalization;

namespace GatewayKit.Benchmarks.Overload;

/// <summary>What becomes of more than can be served. Clients, gateway and service share this process, on the loopback; clients are an open loop.</summary>
internal static class OverloadRun
{
    private const string Usage = "usage: overload [peak] [halves] [fairness] [--seconds 60]";
    private static readonly string[] Parts = ["peak", "halves", "fairness"];

    public static async Task<int> RunAsync(string[] args)
    {
        var parts = args.TakeWhile(static argument => !argument.StartsWith('-')).ToArray();
        var seconds = args[parts.Length..] switch
        {
            [] => 60,
            ["--seconds", var text] when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var given) => given,
            _ => double.NaN,
        };
        if (parts.Except(Parts).Any() || seconds is not > 0)
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        foreach (var part in parts is [] ? Parts : parts)
        {
            var length = TimeSpan.FromSeconds(seconds);
            await (part switch
            {
                "peak" => PeakRun.RunAsync(length),
                "halves" => HalvesRun.RunAsync(length),
                _ => FairnessRun.RunAsync(length),
            });
        }

        return 0;
    }
}
