using Microsoft.Extensions.Options;

namespace GatewayKit.Rollout;

[OptionsValidator]
internal sealed partial class MirrorPolicyValidator : IValidateOptions<MirrorPolicy>;
