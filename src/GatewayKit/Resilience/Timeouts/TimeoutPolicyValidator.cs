using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience.Timeouts;

[OptionsValidator]
internal sealed partial class TimeoutPolicyValidator : IValidateOptions<TimeoutPolicy>;
