using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience.Fallbacks;

[OptionsValidator]
internal sealed partial class FallbackPolicyValidator : IValidateOptions<FallbackPolicy>;
