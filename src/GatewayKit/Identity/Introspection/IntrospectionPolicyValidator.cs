using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Introspection;

[OptionsValidator]
internal sealed partial class IntrospectionPolicyValidator : IValidateOptions<IntrospectionPolicy>;
