using Microsoft.Extensions.Options;

namespace GatewayKit.WebSockets;

[OptionsValidator]
internal sealed partial class WebSocketPolicyValidator : IValidateOptions<WebSocketPolicy>;
