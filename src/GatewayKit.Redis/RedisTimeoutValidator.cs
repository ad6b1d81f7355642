using GatewayKit.Throttling.Quotas;
using Microsoft.Extensions.Options;

namespace GatewayKit.Redis;

/// <summary>Whether requests wait as long as Redis may take: otherwise they would count by themselves while the connection calls every answer one in time, and nobody would be told.</summary>
internal sealed class RedisTimeoutValidator(IOptions<QuotaOptions> quotas) : IValidateOptions<RedisOptions>
{
    public ValidateOptionsResult Validate(string? name, RedisOptions options) => options.Timeout > quotas.Value.StoreTimeout
        ? ValidateOptionsResult.Fail(
            $"{nameof(RedisOptions)}.{nameof(RedisOptions.Timeout)} is {options.Timeout:c}, and {nameof(QuotaOptions)}.{nameof(QuotaOptions.StoreTimeout)} is {quotas.Value.StoreTimeout:c}. "
            + "Requests do not wait longer than the latter: raise it, or lower the former.")
        : ValidateOptionsResult.Success;
}
