using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;
using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience.Priorities;

/// <summary>
/// Refuses classes of requests that this host does not have: a share of one that nobody belongs to would leave the one that was meant without. And a header that would
/// raise the class by nobody's word.
/// </summary>
internal sealed class PriorityNames(PriorityOrder order, TrustedPeers peers) : IValidateOptions<RequestPriorityPolicy>, IValidateOptions<BulkheadPolicy>
{
    public ValidateOptionsResult Validate(string? name, RequestPriorityPolicy options) =>
        Check([(nameof(options.Class), options.Class), .. options.Classes.Values.Select(static one => (nameof(RequestPriorityPolicy.Classes), one))], RaiseBy(options));

    public ValidateOptionsResult Validate(string? name, BulkheadPolicy options) =>
        Check(options.Priorities?.Shares.Keys.Select(static one => ($"{nameof(options.Priorities)}:{nameof(options.Priorities.Shares)}", one)) ?? []);

    private string? RaiseBy(RequestPriorityPolicy policy) =>
        policy.Mode is PolicyMode.Enforce && policy.Header is { } header && !peers.Any && policy.Classes.FirstOrDefault(entry => order.FaultOf(entry.Value) is null && order.IsAbove(entry.Value, policy.Class)) is { Key: { } value, Value: var raised }
            ? $"{nameof(policy.Header)}: '{value}' in '{header}' raises the class from '{policy.Class}' to '{raised}', and only peers of {nameof(GatewayOptions)}.{nameof(GatewayOptions.TrustedProxies)} may, "
                + $"of which there are none. Name the proxies that set it there, or say the class by {nameof(policy.Claim)} or {nameof(policy.Select)}."
            : null;

    private ValidateOptionsResult Check(IEnumerable<(string Key, string Class)> named, string? fault = null)
    {
        var errors = new ValidateOptionsResultBuilder();
        foreach (var (key, one) in named)
        {
            if (order.FaultOf(one) is { } unknown)
            {
                errors.AddError($"{key}: {unknown}");
            }
        }

        if (fault is not null)
        {
            errors.AddError(fault);
        }

        return errors.Build();
    }
}
