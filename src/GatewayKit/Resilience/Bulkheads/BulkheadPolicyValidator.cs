using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience.Bulkheads;

[OptionsValidator]
internal sealed partial class BulkheadPolicyValidator : IValidateOptions<BulkheadPolicy>;
