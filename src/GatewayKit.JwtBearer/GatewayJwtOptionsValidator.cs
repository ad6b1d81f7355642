using Microsoft.Extensions.Options;

namespace GatewayKit.JwtBearer;

[OptionsValidator]
internal sealed partial class GatewayJwtOptionsValidator : IValidateOptions<GatewayJwtOptions>;
