using Microsoft.Extensions.Options;

namespace GatewayKit.Auditing;

[OptionsValidator]
internal sealed partial class AuditPolicyValidator : IValidateOptions<AuditPolicy>;
