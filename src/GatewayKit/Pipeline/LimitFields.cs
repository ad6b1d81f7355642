using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Pipeline;

/// <summary>Tells the clients of an endpoint how their limits stand.</summary>
internal sealed class LimitFields
{
    // Callers of one endpoint differ by their plans at most.
    private const int MostKnown = 4;

    private static readonly string[] LegacyNames =
    [
        "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Resource", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
    ];

    private readonly RateLimitHeaders _headers;
    private readonly RateLimitOccasion _occasion;

    private Policies?[]? _known;

    private LimitFields(GatewayOptions options) => (_headers, _occasion, Passes) = (options.RateLimitHeaders, options.RateLimitOccasion, options.PassRateLimitHeaders);

    /// <summary>What says how limits stand, also those of destinations.</summary>
    public static IEnumerable<string> Names => [RateLimitField.Name, RateLimitField.PolicyName, .. LegacyNames];

    /// <summary>Whether what a destination says stays beside it.</summary>
    public bool Passes { get; }

    /// <summary>Whether requests that pass are told of their limits too.</summary>
    public bool TellsThosePassing => _occasion is not RateLimitOccasion.OnReject;

    /// <returns><see langword="null"/> where nothing is told.</returns>
    public static LimitFields? Of(GatewayOptions? options) => options is null or { RateLimitHeaders: RateLimitHeaders.None } ? null : new(options);

    /// <summary>Whether the reading may be told.</summary>
    public bool Wants(in LimitItem item) => _occasion is not RateLimitOccasion.NearExhaustion || item.IsLow;

    public void Write(GatewayContext context, ReadOnlySpan<LimitItem> items)
    {
        if (_occasion is RateLimitOccasion.OnReject && context.Reason is not { IsOfLimit: true })
        {
            return;
        }

        // Some clients wait for more before they follow a redirect, which costs them another request.
        var response = context.HttpContext.Response;
        var withLow = response.StatusCode is < 300 or > 399;
        if (_headers is not RateLimitHeaders.Legacy)
        {
            Add(response.Headers, RateLimitField.PolicyName, PolicyOf(items));
            if (RateLimitField.Write(items, withLow) is { } field)
            {
                Add(response.Headers, RateLimitField.Name, field);
            }
        }

        if (_headers is not RateLimitHeaders.Standard)
        {
            WriteLegacy(response.Headers, items, withLow);
        }
    }

    // A list may be spread over lines (RFC 9651 §4.2).
    private void Add(IHeaderDictionary headers, string name, string value) =>
        headers[name] = Passes && headers.TryGetValue(name, out var passed) ? StringValues.Concat(passed, value) : value;

    private void WriteLegacy(IHeaderDictionary headers, ReadOnlySpan<LimitItem> items, bool withLow)
    {
        if (Passes && Array.Exists(LegacyNames, headers.ContainsKey))
        {
            // These have one value each, and the destination's is to stay.
            return;
        }

        ref readonly var shown = ref items[0];
        foreach (ref readonly var item in items)
        {
            if (item.Remaining * (double)shown.Quota < shown.Remaining * (double)item.Quota)
            {
                shown = ref item;
            }
        }

        if (shown.IsLow && !withLow)
        {
            return;
        }

        headers["X-RateLimit-Limit"] = headers["RateLimit-Limit"] = Text(shown.Quota);
        headers["X-RateLimit-Remaining"] = headers["RateLimit-Remaining"] = Text(shown.Remaining);
        if (shown.ResetSeconds != 0)
        {
            headers["X-RateLimit-Reset"] = headers["RateLimit-Reset"] = Text(shown.ResetSeconds);
        }

        headers["X-RateLimit-Resource"] = shown.Name;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private string PolicyOf(ReadOnlySpan<LimitItem> items)
    {
        ref var known = ref (_known ??= new Policies?[MostKnown])[(int)((ulong)(items.Length + items[0].Quota + (3 * items[^1].Quota)) % MostKnown)];
        if (Volatile.Read(ref known) is { } policies && policies.AreOf(items))
        {
            return policies.Text;
        }

        var written = new Policies(items.ToArray(), RateLimitField.WritePolicy(items));
        Volatile.Write(ref known, written);
        return written.Text;
    }

    private sealed class Policies(LimitItem[] items, string text)
    {
        public string Text => text;

        public bool AreOf(ReadOnlySpan<LimitItem> others)
        {
            if (others.Length != items.Length)
            {
                return false;
            }

            for (var i = 0; i < items.Length; i++)
            {
                if (!items[i].IsOfSameLimitAs(others[i]))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
