using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience.Priorities;

[OptionsValidator]
internal sealed partial class RequestPriorityPolicyValidator : IValidateOptions<RequestPriorityPolicy>;
