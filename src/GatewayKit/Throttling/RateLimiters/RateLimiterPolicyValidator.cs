using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling.RateLimiters;

[OptionsValidator]
internal sealed partial class RateLimiterPolicyValidator : IValidateOptions<RateLimiterPolicy>;
