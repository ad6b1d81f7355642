using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling.Quotas;

[OptionsValidator]
internal sealed partial class QuotaPolicyValidator : IValidateOptions<QuotaPolicy>;
