using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience.Faults;

[OptionsValidator]
internal sealed partial class FaultPolicyValidator : IValidateOptions<FaultPolicy>;
