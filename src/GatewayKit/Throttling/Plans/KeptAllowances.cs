namespace GatewayKit.Throttling.Plans;

/// <summary>
/// Holds the allowances of plans. Of a route its endpoint does; a plan that a subscription or a key has made its own is an object for as long as the credential is remembered, and who
/// gets it anew must not get a fresh burst with it. Bounded: what was not asked for while as many others were is let go. Safe for concurrent use.
/// </summary>
/// <param name="max">How many are held at least.</param>
internal sealed class KeptAllowances(int max = 10_000)
{
    private readonly Lock _lock = new();
    private HashSet<ThrottleAllowance> _young = new(ReferenceEqualityComparer.Instance), _old = new(ReferenceEqualityComparer.Instance);

    /// <summary>Holds one from now on.</summary>
    public void Keep(ThrottleAllowance allowance)
    {
        lock (_lock)
        {
            if (_young.Count >= max)
            {
                (_old, _young) = (_young, _old);
                _young.Clear();
            }

            _young.Add(allowance);
        }
    }
}
