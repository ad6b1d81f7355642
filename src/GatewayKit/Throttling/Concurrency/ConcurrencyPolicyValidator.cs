using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling.Concurrency;

[OptionsValidator]
internal sealed partial class ConcurrencyPolicyValidator : IValidateOptions<ConcurrencyPolicy>;
