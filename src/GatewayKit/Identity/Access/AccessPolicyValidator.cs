using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Access;

[OptionsValidator]
internal sealed partial class AccessPolicyValidator : IValidateOptions<AccessPolicy>;
