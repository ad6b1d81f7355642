using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Upstream;

[OptionsValidator]
internal sealed partial class UpstreamCredentialsPolicyValidator : IValidateOptions<UpstreamCredentialsPolicy>;
