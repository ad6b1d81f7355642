using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Upstream;

[OptionsValidator]
internal sealed partial class IdentityHeadersPolicyValidator : IValidateOptions<IdentityHeadersPolicy>;
