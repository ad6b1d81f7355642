using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Auditing;

/// <summary>Refuses a reload that demands <see cref="AuditDelivery.Strict"/> of a journal that was opened without what that needs. At the start the journal is not open yet, and says so itself.</summary>
/// <param name="unsettled">Why the journal of this host cannot be used for it; <see langword="null"/> if it can, or is not open.</param>
internal sealed class StrictDemand(Func<string?> unsettled) : IValidateOptions<AuditPolicy>
{
    public ValidateOptionsResult Validate(string? name, AuditPolicy options) =>
        options is { Delivery: AuditDelivery.Strict } && options.Mode is not PolicyMode.Off && unsettled() is { } why
            ? ValidateOptionsResult.Fail($"{nameof(AuditPolicy.Delivery)} is Strict. {why} Then start the host again.")
            : ValidateOptionsResult.Success;
}
