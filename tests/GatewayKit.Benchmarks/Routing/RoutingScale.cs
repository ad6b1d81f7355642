namespace GatewayKit.Benchmarks.Routing;

/// <summary>
/// Route matching and reload at scale. <c>match</c> prints how long the matcher takes to build and to match, beside the framework's own
/// host matching; <c>reload</c> the worst request while ten thousand routes are reloaded, with <c>unpaced</c> without <see cref="GatewayOptions.PaceReloads"/>. Default: both. <c>product</c>, which takes minutes, shows where the framework's automaton reaches its limit.
/// </summary>
public static class RoutingScale
{
    /// <summary>Runs it.</summary>
    public static async Task RunAsync(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (args is [] or ["match"])
        {
            await MatchScale.RunAsync();
        }

        if (args is ["product"])
        {
            await MatchScale.RunProductAsync();
        }

        if (args is [] or ["reload"] or ["reload", "unpaced"])
        {
            await ReloadScale.RunAsync(pace: args is not [_, "unpaced"]);
        }
    }
}
