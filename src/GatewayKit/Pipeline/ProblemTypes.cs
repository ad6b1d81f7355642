namespace GatewayKit.Pipeline;

/// <summary>Problem types that are, or are to be, registered for all (RFC 9457 §4.2; draft-ietf-httpapi-ratelimit-headers).</summary>
internal static class ProblemTypes
{
    public const string QuotaExceeded = Registry + "quota-exceeded";

    public const string TemporaryReducedCapacity = Registry + "temporary-reduced-capacity";

    public const string AbnormalUsage = Registry + "abnormal-usage-detected";

    private const string Registry = "https://iana.org/assignments/http-problem-types#";
}
