using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.ExternalAuthorization;

[OptionsValidator]
internal sealed partial class ExternalAuthorizationPolicyValidator : IValidateOptions<ExternalAuthorizationPolicy>;
