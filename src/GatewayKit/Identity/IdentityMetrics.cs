using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;

namespace GatewayKit.Identity;

/// <summary>How looking at credentials came out. Refusals are counted by the pipeline too, as for every policy.</summary>
internal sealed class IdentityMetrics(GatewayMeter meter)
{
    /// <summary>The tag for the kind of credential, such as <c>api-key</c>.</summary>
    public const string MethodTag = "gatewaykit.identity.method";

    /// <summary>The tag for the public id of a credential that exists.</summary>
    public const string CredentialTag = "gatewaykit.credential.id";

    /// <summary>What takes the place of ids once there are many.</summary>
    public const string Others = "(others)";

    /// <summary>What takes the place of ids that nobody has.</summary>
    public const string Unknown = "(unknown)";

    /// <summary>How many ids of credentials are told apart until the process ends.</summary>
    public const int MaxCredentials = 1_000;

    private readonly ConcurrentDictionary<string, bool> _credentials = new(StringComparer.Ordinal);
    private int _told;

    private readonly Counter<long> _checks = meter.Meter.CreateCounter<long>(
        "gatewaykit.identity.checks", "{check}", "Credentials that were looked at, by method and what came of it.");

    private readonly Counter<long> _failures = meter.Meter.CreateCounter<long>(
        "gatewaykit.identity.credential_failures", "{check}", "Credentials that were refused, by the public ids of those that exist.");

    /// <summary>Whether anybody wants to know of <see cref="Failed"/>.</summary>
    public bool CountsFailures => _failures.Enabled;

    /// <param name="method">What kind of credential.</param>
    /// <param name="outcome"><c>accepted</c>, <c>refused</c> or <c>absent</c>.</param>
    /// <param name="reason">Why: a word of a few that there are.</param>
    public void Checked(string method, string outcome, string reason)
    {
        if (_checks.Enabled)
        {
            _checks.Add(1, new(MethodTag, method), new(TelemetryTags.Outcome, outcome), new(TelemetryTags.Reason, reason));
        }
    }

    /// <summary>Counts what a check came to.</summary>
    /// <param name="method">What kind of credential.</param>
    /// <param name="outcome">What it came to.</param>
    /// <returns>The same.</returns>
    public AuthenticationOutcome Count(string method, AuthenticationOutcome outcome)
    {
        Checked(method, outcome.IsAbsent ? "absent" : outcome.Consumer is null ? "refused" : "accepted", outcome.Problem is { } problem ? problem.Cause ?? problem.Reason.Code : "none");
        return outcome;
    }

    /// <summary>Counts what a check comes to. One that is done is not awaited.</summary>
    public ValueTask<AuthenticationOutcome> CountAsync(string method, ValueTask<AuthenticationOutcome> checking) =>
        checking.IsCompletedSuccessfully ? new(Count(method, checking.Result)) : AwaitAsync(method, checking);

    /// <summary>Counts a failure. With a credential that somebody has, someone may be trying to guess the rest of it.</summary>
    public void Failed(string method, string credentialId) => _failures.Add(1, new(MethodTag, method), new(CredentialTag, Bounded(credentialId)));

    private async ValueTask<AuthenticationOutcome> AwaitAsync(string method, ValueTask<AuthenticationOutcome> checking) => Count(method, await checking.ConfigureAwait(false));

    private string Bounded(string id)
    {
        if (id is Unknown || _credentials.ContainsKey(id))
        {
            return id;
        }

        return Volatile.Read(ref _told) < MaxCredentials && Interlocked.Increment(ref _told) <= MaxCredentials && _credentials.TryAdd(id, true) ? id : Others;
    }
}
