using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience;

[OptionsValidator]
internal sealed partial class CircuitBreakerPolicyValidator : IValidateOptions<CircuitBreakerPolicy>;
