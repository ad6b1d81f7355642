using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience.Admission;

[OptionsValidator]
internal sealed partial class AdmissionPolicyValidator : IValidateOptions<AdmissionPolicy>;
