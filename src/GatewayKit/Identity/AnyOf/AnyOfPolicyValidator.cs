using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.AnyOf;

[OptionsValidator]
internal sealed partial class AnyOfPolicyValidator : IValidateOptions<AnyOfPolicy>;
