using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling.Sharing;

/// <summary>Refuses to share a rate on a host that has nowhere to.</summary>
internal sealed class StorePresence(IRateStore? store = null) : IValidateOptions<ThrottlePolicy>
{
    public ValidateOptionsResult Validate(string? name, ThrottlePolicy options) =>
        store is not null || options.Mode is PolicyMode.Off || options.Sharing == RateSharing.Local
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"{nameof(ThrottlePolicy.Sharing)} is {options.Sharing}, and this host has no store of rates. Call AddApiGateway().AddRedis(…) of the package GatewayKit.Redis, "
                + $"or register an {nameof(IRateStore)} of your own; or set {nameof(ThrottlePolicy.Sharing)} to {RateSharing.Local}.");
}
