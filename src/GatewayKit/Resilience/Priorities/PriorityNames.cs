using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;
using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience.Priorities;

/// <summary>Refuses classes of requests that this host does not have: a share of one that nobody belongs to would leave the one that was meant without.</summary>
internal sealed class PriorityNames(PriorityOrder order) : IValidateOptions<RequestPriorityPolicy>, IValidateOptions<BulkheadPolicy>
{
    public ValidateOptionsResult Validate(string? name, RequestPriorityPolicy options) =>
        Check([(nameof(options.Class), options.Class), .. options.Classes.Values.Select(static one => (nameof(RequestPriorityPolicy.Classes), one))]);

    public ValidateOptionsResult Validate(string? name, BulkheadPolicy options) =>
        Check(options.Priorities?.Shares.Keys.Select(static one => ($"{nameof(options.Priorities)}:{nameof(options.Priorities.Shares)}", one)) ?? []);

    private ValidateOptionsResult Check(IEnumerable<(string Key, string Class)> named)
    {
        var errors = new ValidateOptionsResultBuilder();
        foreach (var (key, one) in named)
        {
            if (order.FaultOf(one) is { } fault)
            {
                errors.AddError($"{key}: {fault}");
            }
        }

        return errors.Build();
    }
}
