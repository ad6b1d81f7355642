using System.Reflection;
using GatewayKit.Forwarding;
using GatewayKit.Pipeline;

namespace GatewayKit.Tests.Forwarding;

public sealed class ForwardFailureTests
{
    private static readonly ForwardError[] Errors = [.. Enum.GetValues<ForwardError>().Where(static error => error is not ForwardError.None)];

    // What limits refuse with, of the gateway and of others, is one vocabulary.
    private static readonly RejectionReason[] OfPolicies =
    [
        RejectionReason.RateLimited, RejectionReason.QuotaExceeded, RejectionReason.ConcurrencyLimited, RejectionReason.AbnormalUsage, RejectionReason.CostExceedsLimit,
        RejectionReason.LimiterUnavailable, RejectionReason.UpgradeNotAllowed, RejectionReason.UnknownHost, RejectionReason.FaultInjected,
        RejectionReason.Unauthenticated, RejectionReason.Forbidden, RejectionReason.NotSubscribed, RejectionReason.AuthUnavailable, RejectionReason.AuditUnavailable, RejectionReason.AddressNotAllowed, RejectionReason.OutsideHours, RejectionReason.TenantMismatch,
    ];

    [Fact]
    public void Catalogue_holds_no_reason_that_nothing_produces()
    {
        var reasons = typeof(RejectionReason).GetProperties(BindingFlags.Public | BindingFlags.Static).Select(static property => (RejectionReason)property.GetValue(null)!);
        var produced = Errors.Select(static error => ForwardFailure.Of(error).Reason).Concat(OfPolicies);
        Assert.Equal(reasons.Select(static reason => reason.Code).Order(), produced.Select(static reason => reason.Code).Distinct().Order());
    }

    [Fact]
    public void What_a_client_can_cause_at_will_is_no_warning()
    {
        foreach (var failure in Errors.Select(ForwardFailure.Of).Where(static failure => failure.Blame is Blame.Client))
        {
            Assert.True(failure.LogLevel is Microsoft.Extensions.Logging.LogLevel.Debug && failure.Reason.Status < 500, failure.Reason.Code);
        }
    }
}
