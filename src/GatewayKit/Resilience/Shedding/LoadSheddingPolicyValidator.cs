using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience.Shedding;

[OptionsValidator]
internal sealed partial class LoadSheddingPolicyValidator : IValidateOptions<LoadSheddingPolicy>;
