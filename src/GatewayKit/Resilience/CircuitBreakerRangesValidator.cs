using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience;

[OptionsValidator]
internal sealed partial class CircuitBreakerRangesValidator : IValidateOptions<CircuitBreakerPolicy>;
