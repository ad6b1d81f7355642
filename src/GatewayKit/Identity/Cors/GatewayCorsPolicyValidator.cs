using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Cors;

[OptionsValidator]
internal sealed partial class GatewayCorsPolicyValidator : IValidateOptions<GatewayCorsPolicy>;
