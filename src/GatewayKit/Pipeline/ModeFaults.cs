using System.Globalization;

namespace GatewayKit.Pipeline;

/// <summary>What is wrong with what a policy says of how much it may do: for whom it is in force, and what is tried beside it.</summary>
internal static class ModeFaults
{
    /// <returns>The keys below the policy, and what to do about them.</returns>
    public static IEnumerable<(string Key, string Message)> Of(IGatewayPolicy policy)
    {
        if (policy.EnforcePercent is < 1 or > 100)
        {
            yield return (nameof(policy.EnforcePercent), string.Create(CultureInfo.InvariantCulture, $"EnforcePercent is {policy.EnforcePercent}; it must be from 1 to 100."));
        }
        else if (policy.EnforcePercent < 100 && policy.InShadow() is not { Mode: PolicyMode.Shadow })
        {
            yield return (nameof(policy.EnforcePercent), $"InShadow() of {policy.GetType().Name} does not say what it is for other callers. Return a copy of it with its Mode Shadow.");
        }

        if (policy.Candidate is { } candidate)
        {
            foreach (var (key, message) in OfCandidate(candidate, policy))
            {
                yield return (key.Length == 0 ? nameof(policy.Candidate) : $"{nameof(policy.Candidate)}:{key}", message);
            }
        }
    }

    private static IEnumerable<(string Key, string Message)> OfCandidate(IGatewayPolicy candidate, IGatewayPolicy live)
    {
        if (candidate.GetType() != live.GetType())
        {
            yield return (string.Empty, $"The candidate of {live.GetType().Name} is a {candidate.GetType().Name}; it must be another {live.GetType().Name}.");
            yield break;
        }

        if (candidate.Mode is not PolicyMode.Shadow)
        {
            yield return (nameof(candidate.Mode), $"Mode is {candidate.Mode}; a candidate decides and refuses nobody. Write \"Shadow\", or remove the candidate.");
        }

        if (candidate.EnforcePercent != 100)
        {
            yield return (nameof(candidate.EnforcePercent), "A candidate decides on the requests of all callers. Remove it.");
        }

        if (candidate.Candidate is not null)
        {
            yield return (nameof(candidate.Candidate), "A candidate has none of its own. Remove it.");
        }

        if (!candidate.Slot.Equals(live.Slot) || candidate.Stage != live.Stage)
        {
            yield return (string.Empty, "The candidate is for another purpose than its policy, so that the two cannot be compared. What tells policies of this kind apart, such as Partition, must be the same.");
        }
    }
}
