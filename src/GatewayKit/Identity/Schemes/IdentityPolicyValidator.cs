using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Schemes;

[OptionsValidator]
internal sealed partial class IdentityPolicyValidator : IValidateOptions<IdentityPolicy>;
