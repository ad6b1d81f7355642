using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling;

[OptionsValidator]
internal sealed partial class ThrottlePolicyValidator : IValidateOptions<ThrottlePolicy>;
